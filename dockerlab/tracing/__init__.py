"""명령 하나가 엔진 속을 지나가는 자취를 기록합니다: 클라이언트, REST, dockerd, containerd, runc, 프로세스."""
