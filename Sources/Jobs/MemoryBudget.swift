import Foundation
import Pipeline
import Store

/// Lets as many images be worked on at the same time as fit into a bound of memory, in the order in which they ask. One that is larger than the
/// bound is worked on alone: gigapixel frames are legitimate.
package actor MemoryBudget {
    /// Setting of a project: most megabytes that its jobs may take for pixels.
    package static let setting = "memoryMB"
    /// What may be set, in megabytes.
    package static let range = 64...1_000_000

    package nonisolated let limit: Int
    private var used = 0
    private var waiting: [(bytes: Int, go: CheckedContinuation<Void, Never>)] = []
    /// Most that was held at once, and the most holders, for the job's log.
    private var holders = 0
    package private(set) var mostHolders = 0

    /// - Parameter limit: bytes.
    package init(limit: Int) { self.limit = limit }

    /// Half of what the machine has: the rest is for the viewer, other programs and the system's cache of files.
    package static var standard: Int { Int(clamping: ProcessInfo.processInfo.physicalMemory / 2) }

    /// The bound of a project: its own setting, or what the program was started with.
    static func limit(of project: Project, otherwise limit: Int?) async -> Int {
        let own = (try? await project.setting(setting)).flatMap { $0 }.flatMap(Int.init).flatMap { range.contains($0) ? $0 << 20 : nil }
        return own ?? limit ?? standard
    }

    /// Waits until so many bytes are free.
    package func acquire(_ bytes: Int) async {
        if waiting.isEmpty, fits(bytes) {
            take(bytes)
        } else {
            await withCheckedContinuation { waiting.append((bytes, $0)) }
        }
    }

    package func release(_ bytes: Int) {
        used -= bytes
        holders -= 1
        // Each thread would keep what it freed for itself: eight threads that worked one after the other held 230 MB within a bound of 64.
        if !waiting.isEmpty { ProcessMemory.releaseFreed() }
        while let next = waiting.first, fits(next.bytes) {
            waiting.removeFirst()
            take(next.bytes)
            next.go.resume()
        }
    }

    private func fits(_ bytes: Int) -> Bool { holders == 0 || used + bytes <= limit }

    private func take(_ bytes: Int) {
        used += bytes
        holders += 1
        mostHolders = max(mostHolders, holders)
    }

    /// Works with so many bytes held.
    nonisolated package func holding<R: Sendable>(_ bytes: Int, _ body: () async throws -> R) async throws -> R {
        await acquire(bytes)
        do {
            let result = try await body()
            await release(bytes)
            return result
        } catch {
            await release(bytes)
            throw error
        }
    }
}

extension Plan {
    /// About how much memory the pixels of one image take while all its steps run, in bytes: every slot that holds pixels stays until the end,
    /// and a step at work has as much again as it reads.
    package func memoryCost(of image: ImageRecord) -> Int {
        let sample = image.bits > 8 ? 2 : 1
        let pixels = image.width * image.height
        let whole = pixels * max(1, image.channels) * sample
        // Colour with transparency is composed on white, so no more than three channels are kept.
        let source = min(whole, pixels * 3 * sample)
        var bytes = source
        for step in steps where step.nodeClass.isPerImage && step.realm == image.realm {
            for output in step.nodeClass.outputs {
                switch output.sameAs.flatMap({ name in step.nodeClass.inputs.first { $0.name == name }?.type }) ?? output.type {
                case .image: bytes += source
                case .gray: bytes += pixels * sample
                case .mask: bytes += pixels / 8
                default: break
                }
            }
        }
        return bytes + source
    }
}
