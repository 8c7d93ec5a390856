import CapsuleFormat
import CapsuleStore
import ControlPlane

extension CapsuleStore {
    /// Every generation that there is, as the API and `capsule list` tell of it.
    func resources() throws -> [CapsuleResource] {
        try list().flatMap { listing in
            try listing.generations.map { generation in
                let manifest = try manifest(of: generation)
                return CapsuleResource(
                    name: generation.name.text, generation: generation.number,
                    storedBytes: manifest.streams.reduce(0) { $0 + $1.size }, kernelRelease: manifest.kernelRelease,
                    created: manifest.created, expires: manifest.expires,
                    hasPassed: try testRecord(of: generation)?.hasPassed,
                    channels: listing.channels.filter { $0.value == generation }.keys.map(\.text).sorted())
            }
        }
    }
}
