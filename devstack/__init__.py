"""The local cloud: what template.yaml describes, on this machine, on real servers, no Docker."""

import sys
from pathlib import Path

# In Lambda the layer is on the path; in a checkout this puts it there, for whatever runs devstack.
sys.path.append(str(Path(__file__).parent.parent / "layers" / "orders"))
