import Glibc

/// Where the running daemon of a state is asked.
///
/// The state is its owner's alone. Where a group may ask too (`controlGroup`), the socket is in a directory of that
/// group, which is found by the state's path.
enum ControlSocketPath {
    /// In the state itself.
    static func own(_ state: String) -> String { state + "/perseid.sock" }

    /// `/run/perseid/var-lib-perseid/perseid.sock`
    static func shared(_ state: String) -> String {
        let name = state.split(separator: "/").joined(separator: "-")
        return "/run/perseid/\(name.isEmpty ? "root" : name)/perseid.sock"
    }

    /// The one that is there for this user; the state's own where there is none.
    static func present(_ state: String) -> String {
        let paths = [own(state), shared(state)]
        return paths.first { access($0, F_OK) == 0 } ?? paths[0]
    }
}
