import Administration
import Foundation

/// Work that running nodes were given, followed until each has said what came of it.
struct NodeWork {
    let session: RegistrySession

    /// Gives the work out, waits, and takes it back.
    /// - Parameter ended: told of each node's end, and of those that are not given it.
    /// - Returns: whether all of it came to all that was asked.
    func carryOut(
        _ request: WorkRequest, within seconds: Int, ended: (WorkResource) -> Void
    ) async throws -> Bool {
        let given = try await send(.post, request)
        for refused in given where refused.refusal != nil { ended(refused) }
        let waiting = given.filter { $0.refusal == nil }
        let result: (isWhole: Bool, silent: [WorkResource])
        do {
            result = try await follow(waiting, request.select, within: seconds, ended: ended)
        } catch {
            _ = try? await send(.delete, WorkRequest(select: request.select))
            throw error
        }
        _ = try await send(.delete, WorkRequest(select: request.select))
        for work in result.silent {
            print(
                "\(work.node)  nothing heard within \(seconds) s; `perseid timeline \(work.node)` shows how far it is")
        }
        return result.isWhole && result.silent.isEmpty && waiting.count == given.count
    }

    private func follow(
        _ given: [WorkResource], _ words: [String], within seconds: Int, ended: (WorkResource) -> Void
    ) async throws -> (isWhole: Bool, silent: [WorkResource]) {
        var waiting = given
        var isWhole = true
        let line = ProgressLine()
        defer { line.end() }
        let deadline = ContinuousClock.now + .seconds(seconds)
        while !waiting.isEmpty, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(500))
            for work in try await look(words) where waiting.contains(where: { $0.mac == work.mac }) {
                guard work.outcome != nil else {
                    if line.isTerminal, let progress = work.progress {
                        line.show("\(work.node)  \(progress)", done: 0, total: nil)
                    }
                    continue
                }
                line.end()
                waiting.removeAll { $0.mac == work.mac }
                isWhole = isWhole && work.isWhole == true
                ended(try await look([work.mac], withChanges: true).first ?? work)
            }
        }
        return (isWhole, waiting)
    }

    private func look(_ words: [String], withChanges: Bool = false) async throws -> [WorkResource] {
        let more = withChanges ? [(key: "changes", value: "true")] : []
        return try await session.get("work", query: words.map { (key: "select", value: $0) } + more)
    }

    private func send(_ method: RegistryAPI.Request.Method, _ request: WorkRequest) async throws -> [WorkResource] {
        let bytes = try await session.send(method, "work", body: Array(try JSONEncoder().encode(request)))
        return try JSONDecoder().decode([WorkResource].self, from: Data(bytes))
    }
}
