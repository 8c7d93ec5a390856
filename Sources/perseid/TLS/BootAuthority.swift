import BootHTTP
import BootProtocols
import Foundation
import PacketIO

/// The server's own certificate authority, in `STATE/tls`. Firmware is given its certificate once, and from then on
/// trusts whatever this server shows, under any address.
struct BootAuthority {
    let directory: String

    /// The authority's certificate, as programs read it and as the setup menus of firmware do.
    var certificate: String { directory + "/ca.pem" }
    var certificateDER: String { directory + "/ca.cer" }
    private var key: String { directory + "/ca.key" }

    /// Days that certificates are good for, and what has to be left of a server's at the start.
    private static let authorityDays = 7300
    private static let serverDays = 3650
    private static let marginDays: Int64 = 365

    init(in state: StateDirectory) {
        directory = state.path + "/tls"
    }

    /// The server's certificate and key for this address, made where there is none or where it ends soon.
    func tls(for address: IPv4Address) throws -> BootTLS {
        try makeDirectory()
        try makeAuthority()
        // The name holds the address, so that another address gets another certificate.
        let path = "\(directory)/server-\(address).pem"
        if FileManager.default.fileExists(atPath: path) {
            let tls = try BootTLS(certificate: path, key: path)
            if tls.expires - wallMilliseconds() / 1000 > Self.marginDays * 86_400 { return tls }
        }
        try makeServerCertificate(path, address)
        return try BootTLS(certificate: path, key: path)
    }

    private func makeDirectory() throws {
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// The certificate comes last: an authority that has one is complete.
    private func makeAuthority() throws {
        guard !FileManager.default.fileExists(atPath: certificate) else { return }
        // What another authority signed is of no use.
        for name in try FileManager.default.contentsOfDirectory(atPath: directory) where name.hasPrefix("server-") {
            try FileManager.default.removeItem(atPath: "\(directory)/\(name)")
        }
        let settings = try write(
            """
            basicConstraints = critical, CA:TRUE
            keyUsage = critical, keyCertSign, cRLSign
            subjectKeyIdentifier = hash
            """)
        defer { settings.remove() }
        let new = certificate + ".new"
        // RSA: every firmware that has TLS has it.
        try OpenSSL.run(
            [
                "req", "-x509", "-newkey", "rsa:3072", "-noenc", "-sha256", "-days", "\(Self.authorityDays)",
                "-config", settings.path, "-extensions", "extensions", "-subj", "/CN=Perseid boot authority",
                "-keyout", key, "-out", new,
            ], log: settings.log)
        try OpenSSL.run(["x509", "-in", new, "-outform", "DER", "-out", certificateDER], log: settings.log)
        try systemCall("rename", certificate) { rename(new, certificate) }
    }

    private func makeServerCertificate(_ path: String, _ address: IPv4Address) throws {
        let settings = try write(
            """
            basicConstraints = critical, CA:FALSE
            keyUsage = critical, digitalSignature, keyEncipherment
            extendedKeyUsage = serverAuth
            subjectAltName = IP:\(address)
            """)
        defer { settings.remove() }
        let (newKey, newCertificate) = (path + ".key", path + ".crt")
        defer { for file in [newKey, newCertificate] { unlink(file) } }
        try OpenSSL.run(
            [
                "req", "-x509", "-CA", certificate, "-CAkey", key, "-newkey", "rsa:2048", "-noenc", "-sha256",
                "-days", "\(Self.serverDays)", "-config", settings.path, "-extensions", "extensions",
                "-subj", "/CN=\(address)", "-keyout", newKey, "-out", newCertificate,
            ], log: settings.log)
        let contents = try [newKey, newCertificate].map { try FileDescriptor.open($0, O_RDONLY).readAll() }.joined()
        let new = path + ".new"
        unlink(new)
        try FileDescriptor.open(new, O_WRONLY | O_CREAT | O_EXCL, permissions: 0o600)
            .writeAll(Array(contents).span.bytes)
        try systemCall("rename", path) { rename(new, path) }
    }

    /// A configuration for one run of `openssl req`, beside what that has to say.
    private struct Settings {
        let path: String
        var log: String { path + ".log" }

        func remove() {
            for file in [path, log] { unlink(file) }
        }
    }

    private func write(_ extensions: String) throws -> Settings {
        let settings = Settings(path: directory + "/openssl.cnf")
        settings.remove()
        let text = "[req]\nprompt = no\ndistinguished_name = name\n[name]\n[extensions]\n\(extensions)\n"
        try FileDescriptor.open(settings.path, O_WRONLY | O_CREAT | O_EXCL, permissions: 0o600)
            .writeAll(Array(text.utf8).span.bytes)
        return settings
    }
}

extension BootTLS {
    /// What the configuration names, or else what the server makes for its address.
    init(_ configuration: Configuration.TLS, address: IPv4Address, state: StateDirectory) throws {
        if let files = configuration.files {
            try self.init(certificate: files.certificate, key: files.key)
        } else {
            self = try BootAuthority(in: state).tls(for: address)
        }
    }
}
