import BootProtocols
import Foundation
import Mustache
import Registry

/// The boot scripts as Mustache templates in `tftpboot/`, read at each use: an edit counts from the next boot.
public struct BootScript: Sendable {
    /// What a script is rendered from. The names are those of the template.
    struct Values: Sendable {
        var name: String
        var mac: MACAddress
        var token: AttemptToken
        /// `http://10.0.0.1:8987`
        var server: String
        /// The server's address, for names by TFTP.
        var address: IPv4Address
        /// SHA-256 of stage 1's kernel in hex.
        var kernelDigest: String
        /// The same of the one for arm64; empty where there is none.
        var arm64KernelDigest: String
        var kernelArguments: String
        /// What the node boots instead of stage 1, where it is `local` or `memtest`, or beside it.
        var boot: NextBoot.Target?
    }

    private let directory: String

    public enum Failure: Error, CustomStringConvertible {
        case unreadable(path: String, reason: String)

        public var description: String {
            switch self {
            case .unreadable(let path, let reason): "cannot use the boot script template \(path): \(reason)"
            }
        }
    }

    /// Reads the templates once, so that a broken one shows when the server starts.
    public init(directory: String) throws(Failure) {
        self.directory = directory
        for kind in BootTemplate.allCases { _ = try template(kind) }
    }

    func render(_ kind: BootTemplate, _ values: Values) throws(Failure) -> String {
        try template(kind).render(
            [
                "name": values.name,
                "mac": values.mac.description,
                "macWithHyphens": values.mac.joined(by: "-"),
                "attempt": String(values.token.attempt),
                "token": values.token.text,
                "server": values.server,
                "address": values.address.description,
                "kernelDigest": values.kernelDigest,
                "arm64KernelDigest": values.arm64KernelDigest,
                "kernelArguments": values.kernelArguments,
                "local": values.boot == .local,
                "memtest": values.boot == .memtest,
                "shell": values.boot == .shell || values.boot == .rescue,
            ] as [String: Any])
    }

    private func template(_ kind: BootTemplate) throws(Failure) -> MustacheTemplate {
        let path = "\(directory)/\(kind.rawValue)"
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw .unreadable(path: path, reason: "no such file, or not readable; --tftpboot names its directory")
        }
        do {
            return try MustacheTemplate(string: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw .unreadable(path: path, reason: "\(error)")
        }
    }
}
