import CLinux
import Foundation
import Glibc
import PacketIO

/// What the daemon gives up once it has its sockets.
enum Privileges {
    enum Failure: Error, CustomStringConvertible {
        case noSuchUser(String)
        /// Another thread was there before the drop, and keeps its capabilities.
        case lateDrop(threads: [Int32])

        var description: String {
            switch self {
            case .noSuchUser(let name): "there is no user `\(name)` to run as; make one, or name another with --user"
            case .lateDrop(let threads): "threads \(threads) kept their privileges; this is an error in Perseid"
            }
        }
    }

    /// Becomes `user`, who then owns `state`; without a user stays who it is. Gives up every capability in both cases:
    /// root without capabilities reads its own files and does nothing else that others may not.
    static func drop(to user: String?, state: String) throws {
        if geteuid() == 0, let user { try become(user, owning: state) }
        try systemCall("capset", "dropping capabilities") { perseid_drop_capabilities() }
        let late = try privilegedThreads()
        guard late.isEmpty else { throw Failure.lateDrop(threads: late) }
    }

    private static func become(_ user: String, owning state: String) throws {
        guard let entry = getpwnam(user)?.pointee else { throw Failure.noSuchUser(user) }
        try giveTree(state, to: entry.pw_uid, entry.pw_gid)
        try systemCall("initgroups", user) { initgroups(user, entry.pw_gid) }
        try systemCall("setgid", user) { setgid(entry.pw_gid) }
        try systemCall("setuid", user) { setuid(entry.pw_uid) }
    }

    /// Makes the daemon's user the owner of the state. Links are changed themselves, never followed.
    private static func giveTree(_ path: String, to uid: uid_t, _ gid: gid_t) throws {
        try systemCall("lchown", path) { lchown(path, uid, gid) }
        for case let name as String in FileManager.default.enumerator(atPath: path) ?? .init() {
            try systemCall("lchown", name) { lchown("\(path)/\(name)", uid, gid) }
        }
    }

    /// Threads of this process whose effective capabilities are not empty.
    private static func privilegedThreads() throws -> [Int32] {
        guard let directory = opendir("/proc/self/task") else { return [] }
        defer { closedir(directory) }
        var threads: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let thread = Int32(name) else { continue }
            let status = try FileDescriptor.open("/proc/self/task/\(name)/status", O_RDONLY).readAll()
            let line = status.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: "CapEff:".utf8) }
            let isEmpty = line?.dropFirst("CapEff:".utf8.count).allSatisfy { "\t0".utf8.contains($0) } ?? true
            if !isEmpty { threads.append(thread) }
        }
        return threads
    }
}
