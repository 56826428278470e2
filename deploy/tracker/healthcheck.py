"""Exit status 0 if the service of this container says that it can take work, else 1 and its reason."""

import http.client
import os
import sys


def main() -> int:
    """Ask /readyz once."""
    port = int(os.environ.get("PHALP_TRITON_SERVICE__PORT", "8000"))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        reason = response.read(400).decode(errors="replace")
    except OSError as error:
        print(f"no answer from port {port}: {error}")
        return 1
    finally:
        connection.close()
    print(f"{response.status} {reason}")
    return 0 if response.status == http.client.OK else 1


if __name__ == "__main__":
    sys.exit(main())
