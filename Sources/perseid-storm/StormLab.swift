import ArgumentParser
import Foundation

/// Where load may go: into the lab, or where somebody who names the interface wants it.
enum StormLab {
    /// The load's end of the cable.
    static let interface = "storm1"

    static func interface(given name: String?) throws -> String {
        if let name { return name }
        // Set by the lab for all that it starts inside its namespaces.
        guard ProcessInfo.processInfo.environment["PERSEID_LAB_INSIDE"] != nil else {
            throw ValidationError(
                "this is no lab, and a storm in a real network does harm. Use `perseid-storm bench dhcp`, or name the "
                    + "network that you mean with --interface")
        }
        return interface
    }
}
