# Sourced by the scripts beside it: packages, and builds by preset.
# Debian 12 and later, Ubuntu 22.10 and later.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

build_packages=(g++ cmake ninja-build pkg-config zlib1g-dev libpng-dev
  libjpeg-dev libwebp-dev libbrotli-dev libtbb-dev libsimdjson-dev
  nlohmann-json3-dev libarchive-dev libzstd-dev libcli11-dev libfmt-dev)

test_packages=(libgtest-dev libexiv2-dev libbenchmark-dev python3 python3-pil python3-piexif
  python3-jsonschema python3-pandas libimage-exiftool-perl exiv2 webp
  fish zsh groff-base imagemagick libavif-bin libheif-examples libjxl-tools ffmpeg zip p7zip-full zstd xz-utils)

fuzz_packages=(clang libclang-rt-dev)

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }

# Installs those of the named packages that are missing; as root through
# apt-get, else says which they are and stops.
need_packages() {
  local missing=() package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
      missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  if ! command -v apt-get >/dev/null; then
    say "these Debian packages (or their like) are needed: ${missing[*]}"
    exit 2
  fi
  if [ "$(id -u)" -ne 0 ]; then
    say "packages are missing; run as root, or first: sudo apt-get install -y --no-install-recommends ${missing[*]}"
    exit 2
  fi
  say "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >&2
  if ! apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; then
    say "apt-get could not install: ${missing[*]}"
    exit 2
  fi
}

# build PRESET [TARGET...]: configures once, then builds what changed.
build() {
  local preset=$1 log
  shift
  if [ ! -f "$root/build/$preset/build.ninja" ]; then
    log=$(mktemp)
    (cd "$root" && cmake --preset "$preset") >"$log" 2>&1 || {
      cat "$log" >&2
      say "cmake --preset $preset did not succeed, see above"
      exit 2
    }
    rm -f "$log"
  fi
  local targets=()
  [ $# -gt 0 ] && targets=(--target "$@")
  (cd "$root" && cmake --build --preset "$preset" "${targets[@]}") >&2 || {
    say "the build did not succeed, see above"
    exit 2
  }
}
