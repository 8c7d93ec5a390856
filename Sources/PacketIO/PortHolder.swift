internal import Glibc

/// Who holds a port: the words that "address already in use" leaves out.
public struct PortHolder: Hashable, Sendable {
    public enum Transport: String, Hashable, Sendable {
        case udp, tcp
    }

    public var transport: Transport
    public var port: UInt16
    /// The socket's user.
    public var userID: UInt32
    /// Nil if the process is in another PID namespace or the caller may not look at it.
    public var processID: Int32?
    /// As in `/proc/PID/comm`, at most 15 bytes.
    public var processName: String?

    public init(transport: Transport, port: UInt16, userID: UInt32, processID: Int32?, processName: String?) {
        self.transport = transport
        self.port = port
        self.userID = userID
        self.processID = processID
        self.processName = processName
    }

    /// All sockets of this network namespace that are bound to `port`; of TCP only those that listen.
    /// Reads /proc and never fails: what cannot be read is left out.
    public static func find(port: UInt16, transport: Transport = .udp) -> [PortHolder] {
        // The kernel goes on by counting from one read to the next: while other sockets come and go, one is passed over
        // now and then, or there twice.
        let looks = (0..<4).lazy.map { _ in
            ["", "6"].flatMap { family in
                boundSockets(
                    in: "/proc/thread-self/net/\(transport.rawValue)\(family)", port: port, transport: transport)
            }
        }
        guard let sockets = looks.first(where: { !$0.isEmpty }) else { return [] }
        let owners = owners(of: Set(sockets.map(\.inode)))
        return sockets.flatMap { socket in
            let pids = owners[socket.inode] ?? []
            return (pids.isEmpty ? [nil] : pids.map(Optional.some)).map { pid in
                PortHolder(
                    transport: transport, port: port, userID: socket.userID, processID: pid,
                    processName: pid.flatMap(commandName))
            }
        }
    }
}

extension PortHolder: CustomStringConvertible {
    /// `UDP port 67 is held by dnsmasq (process 812)`
    public var description: String {
        let place = "\(transport.rawValue.uppercased()) port \(port)"
        guard let processID else {
            return "\(place) is held by a process of user \(userID) that cannot be seen from here"
        }
        return "\(place) is held by \(processName ?? "a process") (process \(processID))"
    }
}

private struct BoundSocket {
    let inode: String
    let userID: UInt32
}

/// Lines of /proc/net/udp: `sl local rem st tx:rx tr:when retrnsmt uid timeout inode …` (proc_net_udp(5)).
private func boundSockets(in path: String, port: UInt16, transport: PortHolder.Transport) -> [BoundSocket] {
    var seen: Set<String> = []
    return lines(of: path).dropFirst().compactMap { line in
        let fields = line.split(separator: " ")
        guard fields.count > 9, let bound = fields[1].split(separator: ":").last,
            UInt16(bound, radix: 16) == port, let user = UInt32(fields[7])
        else { return nil }
        // 0A: LISTEN. Connections of the same port are not what keeps a server from binding.
        if transport == .tcp && fields[3] != "0A" { return nil }
        let inode = String(fields[9])
        return seen.insert(inode).inserted ? BoundSocket(inode: inode, userID: user) : nil
    }
}

/// Which processes hold the sockets, by the links `/proc/PID/fd/N -> socket:[INODE]`.
private func owners(of inodes: Set<String>) -> [String: [Int32]] {
    var owners: [String: [Int32]] = [:]
    for pid in names(in: "/proc").compactMap({ Int32($0) }).sorted() {
        let directory = "/proc/\(pid)/fd"
        let held = Set(names(in: directory).compactMap { socketInode("\(directory)/\($0)") })
        for inode in held.intersection(inodes) { owners[inode, default: []].append(pid) }
    }
    return owners
}

private func socketInode(_ path: String) -> String? {
    let target = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { buffer in
        let count = buffer.withMemoryRebound(to: CChar.self) { chars in
            chars.baseAddress.map { readlink(path, $0, chars.count) } ?? 0
        }
        return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }
    guard target.hasPrefix("socket:["), target.hasSuffix("]") else { return nil }
    return String(target.dropFirst(8).dropLast())
}

private func commandName(_ pid: Int32) -> String? {
    lines(of: "/proc/\(pid)/comm").first
}

private func lines(of path: String) -> [String] {
    guard let file = try? FileDescriptor.open(path, O_RDONLY), let bytes = try? file.readAll() else { return [] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
}

private func names(in directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) {
                String(cString: $0)
            }
        }
        if !name.hasPrefix(".") { names.append(name) }
    }
    return names
}
