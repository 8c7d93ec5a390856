import CapsuleFormat
import CapsuleStore
import Foundation
import Registry
import RegistrySQLite

extension StateDirectory {
    /// The generations that nodes are set to by number, and those of their newest boot attempts.
    func generationUsers() throws -> GenerationUsers {
        guard FileManager.default.fileExists(atPath: registryPath) else { return GenerationUsers() }
        let snapshot = try openRegistry().load()
        var users = GenerationUsers()
        var names: [String: String] = [:]
        for node in snapshot.nodes.map(\.node) {
            names["\(node.mac)"] = node.name
            if let generation = node.capsule.flatMap({ CapsuleGeneration($0) }) {
                users.names[generation, default: []].append(node.name)
            }
        }
        for attempt in snapshot.attempts {
            guard let name = names["\(attempt.node)"],
                let generation = attempt.capsule.flatMap({ CapsuleGeneration($0) }),
                users.names[generation]?.contains(name) != true
            else { continue }
            users.names[generation, default: []].append(name)
        }
        return users
    }
}
