import Testing

@testable import perseid

@Suite struct ConfigurationTLSTests {
    private func read(_ values: [Configuration.Setting: String]) throws -> Configuration {
        var given = values.mapValues { Configuration.Given(value: $0, from: "the test") }
        given[.interface] = Configuration.Given(value: "eth1", from: "the test")
        return try Configuration(given, defaultTftpboot: "/t")
    }

    @Test func thereIsNoneWithoutAPort() throws {
        #expect(try read([:]).tls == nil)
        #expect(try read([.httpsPort: "0"]).tls == nil)
        #expect(try read([.httpsPort: "0", .firmwareHTTPS: "false"]).firmwareHTTPSPort == nil)
    }

    @Test func firmwareIsSentThereIfThatIsSet() throws {
        #expect(try read([.httpsPort: "8988"]).firmwareHTTPSPort == nil)
        #expect(try read([.httpsPort: "8988", .firmwareHTTPS: "true"]).firmwareHTTPSPort == 8988)
        let files = try read([.httpsPort: "8988", .tlsCertificate: "/c", .tlsKey: "/k"]).tls?.files
        #expect(files == Configuration.TLS.Files(certificate: "/c", key: "/k"))
    }

    @Test(
        arguments: [
            ([.httpsPort: "x"], "httpsPort"), ([.firmwareHTTPS: "true"], "httpsPort"),
            ([.tlsKey: "/k"], "httpsPort"), ([.tlsCertificate: "/c"], "httpsPort"),
            ([.httpsPort: "8988", .tlsKey: "/k"], "tlsCertificate"),
            ([.httpsPort: "8988", .tlsCertificate: "/c"], "tlsKey"),
            ([.httpsPort: "8987"], "another port"), ([.httpsPort: "8988", .firmwareHTTPS: "perhaps"], "true or false"),
        ] as [([Configuration.Setting: String], String)])
    func whatDoesNotFitIsAnError(values: [Configuration.Setting: String], word: String) throws {
        #expect { try read(values) } throws: { "\($0)".contains(word) }
    }

    @Test func theEnvironmentHasThemToo() {
        #expect(Configuration.Setting.firmwareHTTPS.environmentName == "PERSEID_FIRMWARE_HTTPS")
        #expect(Configuration.Setting.httpsPort.environmentName == "PERSEID_HTTPS_PORT")
        #expect(Configuration.Setting.tlsCertificate.environmentName == "PERSEID_TLS_CERTIFICATE")
        #expect(Configuration.Setting.cacheLabel.environmentName == "PERSEID_CACHE_LABEL")
    }
}
