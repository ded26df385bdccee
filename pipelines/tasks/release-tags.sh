#!/bin/sh
set -eu
date -u +"${PREFIX:-}%Y%m%d-%H%M%S" | tee tags/tags
