#!/bin/sh
# Stands where dockerd expects docker-proxy, in a guest whose network is gvproxy: one process a
# published port. It has gvproxy open the port on the host's loopback, then runs the real docker-proxy
# behind it; when dockerd ends it, the port is closed with it.
for word; do
  case $previous in -proto) protocol=$word ;; -host-port) port=$word ;; -host-ip) address=$word ;; esac
  previous=$word
done

ask() {
  printf 'POST /services/forwarder/%s HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s' "$1" "${#2}" "$2" |
    nc 192.168.127.1 80 | tr -d '\r'
}

wanted="\"local\":\"127.0.0.1:$port\",\"protocol\":\"$protocol\""
answer=$(ask expose "{$wanted,\"remote\":\"192.168.127.2:$port\"}")
case $answer in
  *" 200 "*) ;;
  # docker-proxy's contract: descriptor 3 says "0" when it listens, "1" and why when it does not.
  *) printf '1\nlisten %s %s:%s: %s' "$protocol" "$address" "$port" "${answer##*: bind: }" >&3; exit 1 ;;
esac

# On every address of the guest: gvproxy comes in by one, dockerd itself (a registry on localhost) by another.
docker-proxy "$@" -host-ip 0.0.0.0 &
proxy=$!
exec 3>&-
trap 'kill -TERM $proxy' INT TERM
while kill -0 $proxy 2> /dev/null; do wait $proxy; done
ask unexpose "{$wanted}" > /dev/null
