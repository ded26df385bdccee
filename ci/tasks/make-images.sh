#!/bin/bash
# Compiles once, makes the slim image of it, and puts the same programs on the builder: that image is pushed by the tag
# `candidate`, and brought back as a layout by the `in` that has just been compiled.
set -eu -o pipefail
. "$(dirname "$0")/cache.sh"
images=$PWD/images
folder=${BUILDER_IMAGE%/*}
[ "$folder/build-service-builder" = "$BUILDER_IMAGE" ] || {
  echo "make-images: builder_image is not HOST/FOLDER/build-service-builder, where scripts/make-builder pushes to" >&2
  exit 1
}
onto=$(cat cnb-builder/repository)@$(cat cnb-builder/digest)
cd source

version=$(sed -n 's/^project(build-service VERSION \([^ ]*\).*/\1/p' CMakeLists.txt)
if [ -n "${RELEASE-}" ]; then
  tag=$(cat .git/ref)
  [ "$tag" = "v$version" ] || {
    echo "make-images: the tag is $tag, and CMakeLists.txt says $version: make a new tag, or correct the version" >&2
    exit 1
  }
fi

scripts/setup --build
cmake --preset release
cmake --build --preset release
programs=$PWD/build/install
cmake --install build/release --prefix "$programs"

scripts/make-image "$images/slim" --architecture amd64 --architecture arm64 \
  --programs "$(dpkg --print-architecture)=$programs" ${RELEASE:+--update}

scripts/make-builder "$folder" --tag candidate --programs "$programs" --username "${REGISTRY_USERNAME-}" \
  --onto "$onto" --onto-username "${ONTO_USERNAME-}" | tee made
digest=$(sed -n 's/^build-service-builder .*@//p' made)
mkdir "$images/builder"
python3 ci/tasks/get-layout.py "$BUILDER_IMAGE" "$digest" |
  "$programs/opt/resource/in" "$images/builder" >/dev/null
