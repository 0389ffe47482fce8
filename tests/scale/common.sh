# Sourced by the two scripts beside it: the program, a folder of inputs, and the
# comparison of the shards' records with those of a single run.

source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"

shards=4
sdmeta=${SDMETA_BINARY:-$root/build/release/sdmeta}

# prepare PACKAGE...: sets `work`, a folder with 2 000 images in `images/`, some
# of them in a tar, a zip and a compressed tar, and files that are broken.
prepare() {
  need_packages "${build_packages[@]}" python3 zip "$@"
  [ -x "$sdmeta" ] || build release sdmeta
  work=$(mktemp -d)
  python3 "$root/tests/scale/make_images.py" "$work/images"
}

# The order of shards is not the order of the single run, so both are sorted.
compare() {
  local name=$1
  (cd "$work" && "$sdmeta" extract -q images -o single.jsonl)
  (cd "$work" && cat out.[1-9].jsonl >merged.jsonl)
  wc -l "$work"/out.[1-9].jsonl "$work/merged.jsonl" "$work/single.jsonl" |
    sed "s|$work/||"
  cmp <(sort "$work/merged.jsonl") <(sort "$work/single.jsonl") || {
    say "the shards' records are not those of the single run"
    exit 1
  }
  say "$name: $shards shards, merged with cat, hold the records of the single run"
}
