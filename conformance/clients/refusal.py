"""How a vault refused: the status and the code."""
from azure.core.exceptions import HttpResponseError


def refusal(call):
    try:
        call()
    except HttpResponseError as error:
        return f"{error.status_code} {error.error.code}"
    return "no refusal"
