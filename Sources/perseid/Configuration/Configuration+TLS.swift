extension Configuration {
    /// The boot plane under TLS.
    struct TLS: Hashable, Sendable {
        var port: UInt16
        /// Paths of a PEM certificate chain and its key; nil: the server makes both.
        var files: Files?
        /// The HTTP boot of firmware is sent here.
        var isForFirmware = false

        struct Files: Hashable, Sendable {
            var certificate: String
            var key: String
        }
    }

    /// The port that the HTTP boot of firmware is sent to, if that is one under TLS.
    var firmwareHTTPSPort: UInt16? { tls.flatMap { $0.isForFirmware ? $0.port : nil } }
}

extension Configuration.TLS {
    /// Nil where no `httpsPort` is given, or 0; settings that need one are an error then.
    init?(_ given: [Configuration.Setting: Configuration.Given], httpPort: UInt16) throws(Configuration.Failure) {
        let value = given[.httpsPort]
        let port = try value?.read(.httpsPort, "a port, 1 to 65535, or 0 for none") { UInt16($0) } ?? 0
        let isForFirmware = try given[.firmwareHTTPS]?.read(.firmwareHTTPS, "true or false") { Bool($0) } ?? false
        guard port > 0 else {
            for setting in [Configuration.Setting.tlsCertificate, .tlsKey] where given[setting] != nil {
                throw Self.needs("an httpsPort beside it", setting, given)
            }
            guard !isForFirmware else { throw Self.needs("an httpsPort beside it", .firmwareHTTPS, given) }
            return nil
        }
        guard port != httpPort else { throw Self.needs("another port than httpPort's", .httpsPort, given) }
        self.port = port
        self.isForFirmware = isForFirmware
        switch (given[.tlsCertificate]?.value, given[.tlsKey]?.value) {
        case (nil, nil): files = nil
        case (let certificate?, let key?): files = Files(certificate: certificate, key: key)
        case (_?, nil): throw Self.needs("a tlsKey beside it", .tlsCertificate, given)
        case (nil, _?): throw Self.needs("a tlsCertificate beside it", .tlsKey, given)
        }
    }

    private static func needs(
        _ expected: String, _ setting: Configuration.Setting,
        _ given: [Configuration.Setting: Configuration.Given]
    ) -> Configuration.Failure {
        .invalid(
            key: setting.rawValue, value: given[setting]?.value ?? "", expected: expected,
            from: given[setting]?.from ?? "the settings")
    }
}
