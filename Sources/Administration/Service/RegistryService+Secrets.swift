import BootProtocols
import PowerControl
import Registry

/// The body of `POST` and `DELETE /api/v1/secrets`: the password of BMCs. None is ever given out again.
public struct SecretRequest: Codable, Hashable, Sendable {
    /// Whose: a node's name, `@GROUP`, or `all`.
    public var of: String
    /// Nil: it is forgotten.
    public var password: String?

    public init(of owner: String, password: String?) {
        of = owner
        self.password = password
    }
}

/// What became of it.
public struct SecretResult: Codable, Hashable, Sendable {
    public var of: String
    public var isKept: Bool
}

extension RegistryService {
    /// Keeps the password of a node's BMC, of a group's or of all, or forgets it.
    public func keep(_ request: SecretRequest) throws(AdminProblem) -> SecretResult {
        guard let secrets else { throw .failed("no passwords are kept here") }
        let owner = try secretOwner(request.of)
        do throws(PowerSecrets.Problem) {
            try secrets.keep(request.password, for: owner)
        } catch {
            switch error {
            case .notASecret: throw .badRequest("\(error)")
            case .file, .openToOthers: throw .failed("\(error)")
            }
        }
        return SecretResult(of: request.of, isKept: request.password != nil)
    }

    private func secretOwner(_ text: String) throws(AdminProblem) -> PowerSecrets.Owner {
        if text == NodeGroup.everybody || text == "@\(NodeGroup.everybody)" { return .group(NodeGroup.everybody) }
        guard text.hasPrefix("@") else { return .node(mac: try node(called: text).node.mac.description) }
        let name = String(text.dropFirst())
        guard try census().groups[name] != nil else {
            throw .notFound("there is no group `\(name)`; `perseid group list` shows those that exist")
        }
        return .group(name)
    }
}
