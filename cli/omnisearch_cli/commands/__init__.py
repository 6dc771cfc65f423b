"""One module per command, each with a `command` that the program finds by name."""

COMMANDS = tuple(
    "delete doctor embed encoders export extract helper import ingest query show snapshot status "
    "train watch".split()
)
MODULES = {"import": "import_", "helper": "warm_helper"}  # where they are not named alike
