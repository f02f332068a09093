#!/usr/bin/env bash
# Make the peers' environment, apart from the project's own:  make_environment.sh FOLDER
#
# zennit asks for torchvision, of which no CPU build loads beside a CPU torch. So zennit comes
# without what it asks for, and zennit_beside.py stands in for torchvision while it is imported.
set -euo pipefail

folder=${1:?"which folder? make_environment.sh FOLDER"}
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)

"${PYTHON:-python3.11}" -m venv "$folder"
install=("$folder/bin/python" -m pip install --quiet -c "$project/constraints.txt")

"${install[@]}" torch # of the version that the constraints name
"${install[@]}" captum==0.9.0 numpy pillow click
"${install[@]}" --no-deps zennit==0.5.1

"$folder/bin/python" -m pip list | grep -E "^(torch|captum|zennit|numpy) "
if "$folder/bin/python" -m pip list | grep -E "^(torchvision|torchaudio) "; then
  echo "torchvision or torchaudio came along: they do not load beside this torch." >&2
  exit 1
fi
