# Sourced by the tasks: what lasts from build to build on a worker lies in the task's directory `cache`.
mkdir -p cache
XDG_CACHE_HOME=$PWD/cache
CCACHE_DIR=$PWD/cache/ccache
export XDG_CACHE_HOME CCACHE_DIR
# The checkout belongs to whoever the worker's get was.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
