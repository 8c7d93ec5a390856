import Foundation
import Yams

extension Configuration {
    static let standardFile = "/etc/perseid/perseid.yaml"

    /// What the configuration file and the environment say. Without a path: the standard file, if it is there.
    static func given(inFile path: String? = nil) throws(Failure) -> [Setting: Given] {
        var given: [Setting: Given] = [:]
        if let path {
            given = try settings(inFile: path).given
        } else if FileManager.default.fileExists(atPath: standardFile) {
            given = try settings(inFile: standardFile).given
        }
        given.merge(settings(inEnvironment: ProcessInfo.processInfo.environment)) { $1 }
        return given
    }

    /// Whether a channel may be pointed only at a generation that `perseid capsule test` booted (`promoteTested`).
    static func promotesTestedOnly() throws(Failure) -> Bool {
        guard let value = try given()[.promoteTested] else { return false }
        switch value.value {
        case "yes", "true": return true
        case "no", "false": return false
        default:
            throw .invalid(key: "promoteTested", value: value.value, expected: "yes or no", from: value.from)
        }
    }

    /// What a configuration file says: a YAML mapping of the settings, lists joined by commas, and the sections of DHCP.
    static func settings(inFile path: String) throws(Failure) -> (given: [Setting: Given], dhcp: DHCPSections) {
        let node: Node?
        do {
            node = try Yams.compose(yaml: String(contentsOfFile: path, encoding: .utf8))
        } catch let error as YamlError {
            throw .unreadable(path: path, reason: "\(error)")
        } catch {
            throw .unreadable(path: path, reason: error.localizedDescription)
        }
        guard let node, node.null == nil else { return ([:], DHCPSections()) }
        guard node.mapping != nil else { throw .unreadable(path: path, reason: "it is no list of `key: value`") }
        let file = try ConfigurationMapping(node, file: path, place: "")
        var given: [Setting: Given] = [:]
        var unknown: [String] = []
        for name in file.keys where !DHCPSections.keys.contains(name) {
            guard let setting = Setting(rawValue: name), let value = file.node(name) else {
                unknown.append(name)
                continue
            }
            given[setting] = Given(value: try text(value, of: name, in: path), from: "\(path):\(value.line)")
        }
        guard unknown.isEmpty else { throw .unknownKeys(unknown, path: path) }
        return (given, try DHCPSections(file))
    }

    /// What `PERSEID_*` says.
    static func settings(inEnvironment environment: [String: String]) -> [Setting: Given] {
        var given: [Setting: Given] = [:]
        for setting in Setting.allCases {
            guard let value = environment[setting.environmentName], !value.isEmpty else { continue }
            given[setting] = Given(value: value, from: setting.environmentName)
        }
        return given
    }

    private static func text(_ node: Node, of key: String, in path: String) throws(Failure) -> String {
        if let scalar = node.scalar { return scalar.string }
        let items = node.sequence?.compactMap { $0.scalar?.string } ?? []
        guard let sequence = node.sequence, items.count == sequence.count else {
            throw .invalid(key: key, value: "a mapping", expected: "one value or a list", from: "\(path):\(node.line)")
        }
        return items.joined(separator: ",")
    }
}
