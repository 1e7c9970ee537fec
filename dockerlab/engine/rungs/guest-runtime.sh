#!/bin/sh
# The runtime that dockerd calls: crun, except that a container's network is handed over by guest-setkey.sh.
# dockerd's own way is a hook that runs all of dockerd again, to send one line to itself. In User-Mode Linux its
# 6300 page faults are almost half of the time that starting a container takes; emulation translates it all anew.
for word; do
  case $previous in --bundle) bundle=$word ;; esac
  previous=$word
done
own='"path":"/proc/[0-9]*/exe","args":\["libnetwork-setkey"'
[ -z "$bundle" ] || sed -i "s|$own|\"path\":\"/setkey\",\"args\":[\"libnetwork-setkey\"|" "$bundle/config.json"
exec crun "$@"
