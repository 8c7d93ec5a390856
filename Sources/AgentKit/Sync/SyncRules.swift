/// Which files of a running system may be replaced under it, as data.
package enum SyncRules {
    /// Why a change waits for a reboot.
    package struct Rule: Hashable, Sendable {
        /// A path, or a directory with all below it where it ends in a slash, or a beginning where it ends in `*`.
        package var pattern: String
        package var reason: String

        func matches(_ path: String) -> Bool {
            if pattern.hasSuffix("*") { return path.hasPrefix(pattern.dropLast()) }
            return pattern.hasSuffix("/") ? path.hasPrefix(pattern) || path + "/" == pattern : path == pattern
        }
    }

    package static let table: [Rule] =
        rules("kernel", ["/boot/", "/lib/modules/", "/usr/lib/modules/", "/lib/firmware/", "/usr/lib/firmware/"])
        + rules(
            "init", ["/sbin/init", "/usr/sbin/init", "/lib/systemd/", "/usr/lib/systemd/", "/etc/inittab"])
        + rules(
            "C library",
            [
                "/lib64/ld-linux*", "/usr/lib64/ld-linux*", "/lib/ld-*", "/lib/x86_64-linux-gnu/libc.so*",
                "/usr/lib/x86_64-linux-gnu/libc.so*", "/usr/lib/x86_64-linux-gnu/libpthread*",
                "/usr/lib/x86_64-linux-gnu/libm.so*", "/usr/lib64/libc.so*",
            ])
        + rules("message bus", ["/usr/bin/dbus-daemon", "/usr/lib/dbus-1.0/"])
        // Who may log in is the node's own by now.
        + rules("accounts", ["/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow"])

    private static func rules(_ reason: String, _ patterns: [String]) -> [Rule] {
        patterns.map { Rule(pattern: $0, reason: reason) }
    }

    /// Why this path waits for a reboot; nil where it need not.
    package static func reason(for path: String) -> String? {
        table.first { $0.matches(path) }?.reason
    }
}
