"""One module per command, each with a `command` that the program finds by name."""

COMMANDS = tuple(
    "ask context delete doctor embed encoders export extract helper import ingest query reencode "
    "related show snapshot status topics train watch".split()
)
MODULES = {"import": "import_", "helper": "warm_helper"}  # where they are not named alike
