import CapsuleFormat
import CapsuleStore
import Foundation
import Registry
import RegistrySQLite

extension StateDirectory {
    /// The generations and channels that nodes and groups are set to, and the generations of their newest boot attempts.
    func generationUsers() throws -> GenerationUsers {
        guard FileManager.default.fileExists(atPath: registryPath) else { return GenerationUsers() }
        let snapshot = try openRegistry().load()
        var users = GenerationUsers()
        var names: [String: String] = [:]
        for node in snapshot.nodes.map(\.node) {
            names["\(node.mac)"] = node.name
            if let reference = node.capsule.flatMap({ CapsuleReference($0) }) {
                users.add("node \(node.name)", of: reference)
            }
            if case .capsule(let next) = node.nextBoot?.target, let reference = CapsuleReference(next) {
                users.add("the next boot of node \(node.name)", of: reference)
            }
        }
        for group in snapshot.groups {
            if let reference = group.settings.capsule.flatMap({ CapsuleReference($0) }) {
                users.add("group \(group.name)", of: reference)
            }
        }
        for attempt in snapshot.attempts {
            guard let name = names["\(attempt.node)"],
                let generation = attempt.capsule.flatMap({ CapsuleGeneration($0) })
            else { continue }
            users.add("node \(name)", of: .generation(generation))
        }
        return users
    }
}
