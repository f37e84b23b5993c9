"""The files that a plan changes, as an archive: what somebody would commit to git."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from werkzeug.wrappers import Response

STAMP = (1980, 1, 1, 0, 0, 0)  # the same files make the same archive, whenever it is made


def archive(name: str, files: Mapping[str, str]) -> Response:
    """Answer with an archive of files by their names below project.yaml."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as packed:
        for file, text in sorted(files.items()):
            packed.writestr(zipfile.ZipInfo(file, STAMP), text)
    headers = {"Content-Disposition": f'attachment; filename="{name}.zip"'}
    return Response(written.getvalue(), mimetype="application/zip", headers=headers)
