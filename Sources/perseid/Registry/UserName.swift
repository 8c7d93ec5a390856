import Glibc

/// The names of this host's users.
enum UserName {
    /// `root`; `user 1017` where nobody has that number.
    static func of(_ number: uid_t) -> String {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var room = [CChar](repeating: 0, count: 16_384)
        guard getpwuid_r(number, &entry, &room, room.count, &found) == 0, found != nil, let name = entry.pw_name else {
            return "user \(number)"
        }
        return String(cString: name)
    }
}
