import BootMachine
import CapsuleFormat
import CapsuleStore
import FoundationEssentials
import Registry

// `GET /node/v1/capsules/NAME@N/trace` and `POST /node/v1/trace`: what a boot reads first.

extension BootEndpoints {
    func trace(of capsule: String, _ request: BootRequest) -> BootAnswer {
        authorized(request) { _ throws in
            guard let generation = CapsuleGeneration(capsule), let trace = try capsules.trace(of: generation) else {
                return .noContent()
            }
            return .json(200, trace)
        }
    }

    /// Of the generation that the node boots, and of no other.
    func keepTrace(_ request: BootRequest) -> BootAnswer {
        authorized(request) { attempt throws in
            guard let trace = try? JSONDecoder().decode(BootTrace.self, from: Data(request.body)),
                trace.chunks.count <= BootTrace.limit
            else { return .text(400, "the message does not read") }
            guard trace.capsule == attempt.capsule, let generation = CapsuleGeneration(trace.capsule) else {
                return .text(403, "this boot attempt is of another capsule")
            }
            _ = try capsules.keepTrace(trace.chunks, of: generation)
            return .noContent()
        }
    }
}
