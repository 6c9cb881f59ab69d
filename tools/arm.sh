#!/usr/bin/env bash
# Builds for 64-bit Arm and runs the C tests under emulation: tools/arm.sh [SYSROOT [BUILD_FOLDER]]
# The libraries are Debian 13's own for that machine, unpacked into a folder; nothing is installed from them. Needs
# gcc-aarch64-linux-gnu, qemu-user-static, debootstrap, meson, ninja and pkg-config, and root for debootstrap. Emulation is some
# ten times slower than the machine, so the simulated world runs fewer seeds (GRIDSCOPE_SEEDS, 40). Left out are the programs
# that Python starts itself, past the emulator.
set -euo pipefail
cd "$(dirname "$0")/.."
sysroot=$(realpath -m "${1:-build-arm-sysroot}") build=$(realpath -m "${2:-build-arm}")
libraries=libuv1-dev,libcurl4-openssl-dev,libssl-dev,libsqlite3-dev,libsodium-dev,libyyjson-dev,libllhttp-dev,libcmocka-dev
triplet=aarch64-linux-gnu
emulator=$(command -v qemu-aarch64-static || command -v qemu-aarch64)

if [ ! -e "$sysroot/usr/include/uv.h" ]; then
  debootstrap --foreign --variant=minbase --arch=arm64 --include="$libraries" trixie "$sysroot" >&2
  for package in "$sysroot"/var/cache/apt/archives/*.deb; do dpkg-deb -x "$package" "$sysroot"; done
fi

# The compiler brings an older C library than the sysroot's; what the other libraries want of the newer is found when they run.
cat >"$sysroot/cross.ini" <<END
[binaries]
c = '$triplet-gcc'
ar = '$triplet-ar'
strip = '$triplet-strip'
pkgconfig = 'pkg-config'
exe_wrapper = ['$emulator', '-L', '$sysroot']
[properties]
sys_root = '$sysroot'
pkg_config_libdir = '$sysroot/usr/lib/$triplet/pkgconfig:$sysroot/usr/share/pkgconfig'
[built-in options]
c_args = ['--sysroot=$sysroot']
c_link_args = ['--sysroot=$sysroot', '-Wl,--allow-shlib-undefined', '-Wl,-rpath-link,$sysroot/usr/lib/$triplet']
[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'aarch64'
endian = 'little'
END

[ -e "$build/build.ninja" ] || meson setup "$build" --cross-file "$sysroot/cross.ini" --werror --buildtype=release -Dtests=true -Dpage=disabled
ninja -C "$build"
export GRIDSCOPE_SEEDS="${GRIDSCOPE_SEEDS:-40}"
tests=$(meson test -C "$build" --list --no-rebuild | sed 's/.* //' | grep -v -E '^wire/(sim_.*|autobahn)$')
# shellcheck disable=SC2086
meson test -C "$build" --no-rebuild --timeout-multiplier 20 $tests
