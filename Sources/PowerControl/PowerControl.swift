import Registry

/// Switches machines on and off through their BMCs.
public enum PowerControl {
    /// Carries one action out on all targets at once; callers that have thousands come in waves.
    /// - Returns: a report for each, in their order.
    public static func perform(_ action: PowerAction, on targets: [PowerTarget]) async -> [PowerReport] {
        await withTaskGroup(of: (Int, PowerReport).self) { group in
            for (index, target) in targets.enumerated() {
                group.addTask { (index, await report(action, on: target)) }
            }
            var reports: [(Int, PowerReport)] = []
            for await report in group { reports.append(report) }
            return reports.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private static func report(_ action: PowerAction, on target: PowerTarget) async -> PowerReport {
        do throws(PowerProblem) {
            return PowerReport(node: target.node, result: try await result(of: action, on: target))
        } catch {
            return PowerReport(node: target.node, problem: "\(error)")
        }
    }

    private static func result(of action: PowerAction, on target: PowerTarget) async throws(PowerProblem) -> String {
        guard action != .status else { return try await status(target) }
        var action = action
        // A BMC refuses to reset what is off.
        if [.cycle, .reset].contains(action), try await status(target) == "off" { action = .on }
        switch target.method {
        case .ipmi: try await IPMITool(target: target).control(action)
        case .redfish, .redfishUnverified, .redfishPlain: try await Redfish(target: target).control(action)
        }
        switch action {
        case .status, .on: return "switched on"
        case .off: return "switched off"
        case .shutdown: return "asked to shut down"
        case .cycle: return "switched off and on"
        case .reset: return "reset"
        }
    }

    private static func status(_ target: PowerTarget) async throws(PowerProblem) -> String {
        switch target.method {
        case .ipmi: try await IPMITool(target: target).status()
        case .redfish, .redfishUnverified, .redfishPlain: try await Redfish(target: target).status()
        }
    }
}
