"""Random configurations for the laws of differences and merges; names meet often."""

from __future__ import annotations

from hypothesis import strategies as st

NAMES = st.sampled_from(["alpha", "beta", "gamma", "delta", "omega"])
OBJECTS = st.sampled_from(["deal", "offer", "account"])
FIELD = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "number", "picklist"])},
    optional={
        "required": st.booleans(),
        "length": st.integers(1, 300),
        "label": st.sampled_from(["A", "B"]),
        "min": st.integers(-5, 5),
        "aka": st.lists(NAMES, min_size=1, max_size=2, unique=True),
        "values": st.dictionaries(
            NAMES, st.fixed_dictionaries({}, optional={"label": st.just("L")}), max_size=3
        ),
    },
)
WORKFLOW = st.fixed_dictionaries(
    {
        "steps": st.lists(
            st.tuples(NAMES, st.integers(0, 2)), max_size=3, unique_by=lambda step: step[0]
        ).map(lambda steps: [{"name": name, "set": {"x": x}} for name, x in steps])
    }
)


@st.composite
def configurations(draw):
    """Make components: objects with ordered fields, indexes and layouts, workflows beside them."""
    components = {}
    for name in draw(st.lists(OBJECTS, max_size=3, unique=True)):
        fields = draw(st.lists(NAMES, max_size=4, unique=True))
        aka = draw(st.lists(OBJECTS, max_size=1))
        order = {"order": {"fields": fields}} if fields else {}
        components[f"object:{name}"] = {"label": name, **order, **({"aka": aka} if aka else {})}
        components |= {f"field:{name}.{field}": draw(FIELD) for field in fields}
        if fields:
            components[f"index:{name}.{fields[0]}"] = {"fields": [fields[0]]}
            components[f"layout:{name}.default"] = {"highlights": fields}
    for name in draw(st.lists(NAMES, max_size=2, unique=True)):
        components[f"workflow:{name}"] = draw(WORKFLOW)
    return valid(components)


def valid(components):
    """Drop children without their object, and former names that are in use or claimed twice."""
    kept = {
        key: data
        for key, data in components.items()
        if "." not in key or f"object:{key.split(':')[1].split('.')[0]}" in components
    }
    claimed = set(kept)
    for key, data in kept.items():
        parent = key[: max(key.rfind("."), key.rfind(":")) + 1]
        free = [name for name in data.get("aka", []) if f"{parent}{name}" not in claimed]
        claimed |= {f"{parent}{name}" for name in free}
        bare = {name: value for name, value in data.items() if name != "aka"}
        kept[key] = {**bare, "aka": free} if free else bare
    return kept
