"""`python -m hub` is `kvitt-hub`."""

import sys

from hub.cli import main

sys.exit(main())
