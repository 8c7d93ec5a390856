internal import BootProtocols
internal import Glibc
internal import PacketIO

/// A TCP connection whose every wait has an end.
struct TCPStream: ~Copyable {
    let server: ServerURL
    private let socket: FileDescriptor

    private init(server: ServerURL, socket: consuming FileDescriptor) {
        self.server = server
        self.socket = socket
    }

    /// Connects within `timeout` milliseconds.
    static func connect(to server: ServerURL, timeout: Int64) throws(HTTPError) -> TCPStream {
        let stream = TCPStream(server: server, socket: try open(for: server))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = server.port.bigEndian
        address.sin_addr.s_addr = server.address.value.bigEndian
        let raw = stream.socket.raw
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result != 0 {
            let code = errno
            guard code == EINPROGRESS else { throw .unreachable(server, SystemError(call: "connect", code: code)) }
            try stream.waitUntilConnected(timeout: timeout)
        }
        return stream
    }

    private static func open(for server: ServerURL) throws(HTTPError) -> FileDescriptor {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let raw = Glibc.socket(AF_INET, type, 0)
        guard raw >= 0 else { throw .unreachable(server, SystemError(call: "socket", code: errno)) }
        var on: Int32 = 1
        // A request is one small segment: it is not to wait for more (RFC 9293, 3.7.4).
        _ = setsockopt(raw, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        return FileDescriptor(owning: raw)
    }

    private func waitUntilConnected(timeout: Int64) throws(HTTPError) {
        try wait(for: Int16(POLLOUT), "connection", until: BootClock.milliseconds() + timeout, idle: timeout)
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        _ = getsockopt(socket.raw, SOL_SOCKET, SO_ERROR, &code, &size)
        guard code == 0 else { throw .unreachable(server, SystemError(call: "connect", code: code)) }
    }

    /// Sends all of `bytes` before `deadline`, in milliseconds of `BootClock`.
    func send(_ bytes: [UInt8], until deadline: Int64, idle: Int64) throws(HTTPError) {
        var done = 0
        while done < bytes.count {
            let sent = bytes[done...].withUnsafeBytes {
                Glibc.send(socket.raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent > 0 {
                done += sent
            } else {
                try waitUnlessBroken(errno, for: Int16(POLLOUT), "room for the request", until: deadline, idle: idle)
            }
        }
    }

    /// Receives what there is, at least one byte; 0 where the server has closed.
    /// - Throws: `.timedOut` after `idle` milliseconds without a byte, or at `deadline`.
    func receive(
        into buffer: UnsafeMutableRawBufferPointer, _ what: String, until deadline: Int64, idle: Int64
    ) throws(HTTPError) -> Int {
        while true {
            let got = recv(socket.raw, buffer.baseAddress, buffer.count, 0)
            if got >= 0 { return got }
            try waitUnlessBroken(errno, for: Int16(POLLIN), what, until: deadline, idle: idle)
        }
    }

    private func waitUnlessBroken(
        _ code: Int32, for events: Int16, _ what: String, until deadline: Int64, idle: Int64
    ) throws(HTTPError) {
        if code == EINTR { return }
        guard code == EAGAIN else { throw .broken(server, SystemError(call: "recv", code: code)) }
        try wait(for: events, what, until: deadline, idle: idle)
    }

    private func wait(for events: Int16, _ what: String, until deadline: Int64, idle: Int64) throws(HTTPError) {
        let start = BootClock.milliseconds()
        while true {
            let now = BootClock.milliseconds()
            let left = min(deadline, start + idle) - now
            guard left > 0 else { throw .timedOut(server, waitingFor: what, seconds: (now - start + 999) / 1000) }
            var watched = pollfd(fd: socket.raw, events: events, revents: 0)
            if poll(&watched, 1, Int32(clamping: left)) > 0 { return }
        }
    }
}
