import BootMachine
import Foundation

/// Where the settings of `perseid serve` come from, to be read more than once.
struct ConfigurationSource: Sendable {
    /// Nil: there is no configuration file.
    let file: String?
    /// Of the environment and of the command line, which win over the file, the latter over the former.
    let environment: [Configuration.Setting: Configuration.Given]
    let options: [Configuration.Setting: Configuration.Given]
    let defaultTftpboot: String

    func read() throws(Configuration.Failure) -> Configuration {
        var given: [Configuration.Setting: Configuration.Given] = [:]
        var sections = DHCPSections()
        if let file { (given, sections) = try Configuration.settings(inFile: file) }
        given.merge(environment) { $1 }
        given.merge(options) { $1 }
        var configuration = try Configuration(given, defaultTftpboot: defaultTftpboot)
        configuration.sections = sections
        return configuration
    }

    /// Tells one state of the file from another; nil if it cannot be looked at.
    func fileStamp() -> FileStamp? {
        guard let file, let attributes = try? FileManager.default.attributesOfItem(atPath: file) else { return nil }
        return FileStamp(
            modified: attributes[.modificationDate] as? Date, size: attributes[.size] as? UInt64,
            number: attributes[.systemFileNumber] as? UInt64)
    }

    struct FileStamp: Equatable, Sendable {
        var modified: Date?
        var size: UInt64?
        var number: UInt64?
    }
}

extension Configuration {
    /// Whether this may take the place of `running` without a restart.
    func requireLive(over running: Configuration) throws(Failure) {
        let differences: [(Setting, Bool)] = [
            (.interface, interface != running.interface), (.dhcp, dhcp != running.dhcp),
            (.httpPort, httpPort != running.httpPort), (.httpsPort, tls?.port != running.tls?.port),
            (.tlsCertificate, tls?.files?.certificate != running.tls?.files?.certificate),
            (.tlsKey, tls?.files?.key != running.tls?.files?.key),
            (.unknown, unknown != running.unknown), (.capsule, capsule != running.capsule),
            (.handoff, handoff != running.handoff), (.kernelArguments, kernelArguments != running.kernelArguments),
            (.tftpboot, tftpboot != running.tftpboot), (.loader, loader != running.loader),
            (.user, user != running.user), (.controlGroup, controlGroup != running.controlGroup),
            (.nodeRate, nodeRate != running.nodeRate), (.streamRate, streamRate != running.streamRate),
            (.cacheLabel, cache?.label != running.cache?.label),
            (.cacheSize, cache?.limitBytes != running.cache?.limitBytes),
        ]
        let changed = differences.filter(\.1).map(\.0.rawValue)
        guard changed.isEmpty else { throw .notLive(changed) }
    }
}
