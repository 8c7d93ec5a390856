import Glibc
import NIOCore

/// Who is at the other end of a Unix socket, as the kernel has it (unix(7), SO_PEERCRED).
struct PeerCredentials: Hashable, Sendable {
    var processID: Int32
    var userID: UInt32
    var groupID: UInt32

    /// Nil for a connection of another kind.
    static func of(_ channel: any Channel) async throws -> PeerCredentials? {
        guard let options = channel as? any SocketOptionProvider else { return nil }
        let credentials: PeerCredentials = try await options.unsafeGetSocketOption(
            level: .socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED)
        ).get()
        // A socket of another family answers with nobody. A process of another PID namespace has no number here, and a
        // user all the same.
        return credentials.userID != UInt32.max ? credentials : nil
    }
}
