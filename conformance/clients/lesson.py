"""Runs pieces of the lesson on Key Vault as it prints them, one after another, and says what stands there then.

Takes one JSON argument: `pieces` by the names of their headings, `instead` of what the lesson leaves to its reader
(the address of a vault, a version), and `show`, expressions to be evaluated at the end. Prints their values on the
last line.
"""
import json
import sys
from datetime import datetime, timezone
from pathlib import Path

wish = json.loads(sys.argv[1])
names = {"datetime": datetime, "timezone": timezone}
for piece in wish["pieces"]:
    text = (Path(__file__).parent / "lesson" / f"{piece}.py").read_text()
    for printed, real in wish["instead"].items():
        text = text.replace(printed, real)
    exec(compile(text, piece, "exec"), names)
    # The lesson calls the same client by both names.
    if "client" in names:
        names["secret_client"] = names["client"]
print(json.dumps({name: eval(expression, names) for name, expression in wish["show"].items()}, default=str))
