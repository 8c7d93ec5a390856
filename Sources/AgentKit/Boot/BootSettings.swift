package import BootMachine
package import BootProtocols

/// What the boot script, or the agent before a kexec, tells this agent: whom to ask, as whom, and for
/// which machine.
package struct BootSettings: Codable, Hashable, Sendable {
    /// Base URLs of the boot plane, tried in order. Never empty.
    package var servers: [ServerURL]
    /// What `POST /node/v1/check-in` is accepted with.
    package var token: String
    /// The boot script's token after a kexec, where `token` is a newer one: the way back should an answer to a
    /// check-in, and the token in it, get lost.
    package var bootToken: String?
    /// The NIC that booted, if the loader knew it.
    package var mac: MACAddress?
    /// Lower case hex SHA-256 of the running kernel's file.
    package var kernelDigest: String?
    package var phase: CheckIn.Phase
    /// The label of the disk that keeps chunks, in the place of the plan's; `none`: no disk.
    package var cacheLabel: String?
    /// When a person gets a shell on the console.
    package var shell: ShellMoment?
    /// Steps of an install to stop before, beside those of its order.
    package var breakpoints: [InstallStep] = []
    /// The private half of this boot attempt's key, after a kexec; see `LayerKey`.
    package var layerSecret: String?
    /// Known after a check-in only.
    package var attempt: Int64?

    package init(
        servers: [ServerURL], token: String, bootToken: String? = nil, mac: MACAddress?, kernelDigest: String?,
        phase: CheckIn.Phase, cacheLabel: String? = nil, layerSecret: String? = nil,
        attempt: Int64? = nil
    ) {
        self.servers = servers
        self.token = token
        self.bootToken = bootToken
        self.mac = mac
        self.kernelDigest = kernelDigest
        self.phase = phase
        self.cacheLabel = cacheLabel
        self.layerSecret = layerSecret
        self.attempt = attempt
    }
}

/// When stage 1 gives a shell to whoever sits at the console (`perseid boot set NODE shell|rescue`).
package enum ShellMoment: String, Codable, Hashable, Sendable {
    /// Before it looks at the network.
    case first
    /// With the network up and after the check-in, before the plan is carried out.
    case rescue
}

/// What is wrong with the parameters of the boot script.
package enum BootSettingsError: Error, Hashable, CustomStringConvertible {
    case missing(parameter: String, example: String)
    case malformed(parameter: String, value: String, expected: String)

    package var description: String {
        switch self {
        case .missing(let parameter, let example):
            "the kernel command line has no \(parameter); the boot script must give it, as in \(parameter)=\(example)"
        case .malformed(let parameter, let value, let expected):
            "the kernel command line's \(parameter)=\(value) is not \(expected)"
        }
    }
}

extension BootSettings {
    /// Reads `perseid.server` (one or more), `perseid.token`, `perseid.mac`, `perseid.kernel`, `perseid.cache`,
    /// `perseid.shell` and `break`.
    package init(_ line: KernelCommandLine) throws(BootSettingsError) {
        var servers: [ServerURL] = []
        for text in line.values(of: "perseid.server") {
            guard let server = ServerURL(text) else {
                throw .malformed(parameter: "perseid.server", value: text, expected: ServerURL.expected)
            }
            servers.append(server)
        }
        guard !servers.isEmpty else {
            throw .missing(parameter: "perseid.server", example: "http://10.0.0.1:8987")
        }
        // Printable ASCII only: the token becomes part of a request's head. Its value stays out of messages.
        guard let token = line.value(of: "perseid.token"), !token.isEmpty else {
            throw .missing(parameter: "perseid.token", example: "TOKEN")
        }
        guard token.utf8.count <= 512, token.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw .malformed(
                parameter: "perseid.token", value: "(not shown)", expected: "at most 512 printable characters")
        }
        var mac: MACAddress?
        if let text = line.value(of: "perseid.mac"), !text.isEmpty {
            guard let address = MACAddress(text) else {
                throw .malformed(parameter: "perseid.mac", value: text, expected: "a MAC address")
            }
            mac = address
        }
        let digest = line.value(of: "perseid.kernel").flatMap { $0.isEmpty ? nil : $0 }
        if let digest, !Self.isSHA256(digest) {
            throw .malformed(parameter: "perseid.kernel", value: digest, expected: "64 lower case hex digits")
        }
        let label = line.value(of: "perseid.cache").flatMap { $0.isEmpty ? nil : $0 }
        self.init(servers: servers, token: token, mac: mac, kernelDigest: digest, phase: .stage1, cacheLabel: label)
        if let text = line.value(of: "perseid.shell") {
            guard let moment = ShellMoment(rawValue: text) else {
                throw .malformed(parameter: "perseid.shell", value: text, expected: "first or rescue")
            }
            shell = moment
        }
        let breaks = line.values(of: "break").joined(separator: ",")
        do throws(UnknownInstallStep) {
            breakpoints = try InstallStep.list(breaks)
        } catch {
            let steps = InstallStep.allCases.map(\.rawValue).joined(separator: ", ")
            throw .malformed(parameter: "break", value: breaks, expected: "a list of \(steps)")
        }
    }

    private static func isSHA256(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }
}
