"""Run the command line as `python -m deploy_tool.cli`, where no script is installed."""

import sys

from deploy_tool.cli import main

sys.exit(main())
