import Foundation
import Pipeline
import Raster
import Synchronization

/// Values that were just computed for an image, so that the next edit or tile need not decode it again.
///
/// Holds at most `byteLimit` bytes of pixels; what was not used for longest goes first.
final class SlotCache: Sendable {
    struct Key: Hashable, Sendable {
        /// The image and everything that decides the value: graph up to its slot, pixel size, area, file.
        var image: Int64
        var state: String
        var end: Graph.End
    }

    private struct Entry {
        var value: any SlotValue
        var bytes: Int
        var lastUse: Int
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var bytes = 0
        var clock = 0
    }

    private let state = Mutex(State())
    private let byteLimit: Int

    init(byteLimit: Int) { self.byteLimit = byteLimit }

    subscript(key: Key) -> (any SlotValue)? {
        state.withLock { state in
            guard state.entries[key] != nil else { return nil }
            state.clock += 1
            state.entries[key]?.lastUse = state.clock
            return state.entries[key]?.value
        }
    }

    func insert(_ value: any SlotValue, for key: Key) {
        let bytes = SlotCache.byteCount(of: value)
        guard bytes <= byteLimit else { return }
        state.withLock { state in
            if let old = state.entries.removeValue(forKey: key) { state.bytes -= old.bytes }
            state.clock += 1
            state.entries[key] = Entry(value: value, bytes: bytes, lastUse: state.clock)
            state.bytes += bytes
            while state.bytes > byteLimit, let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse })?.key {
                if let gone = state.entries.removeValue(forKey: oldest) { state.bytes -= gone.bytes }
            }
        }
    }

    func removeAll(image: Int64) {
        state.withLock { state in
            for key in state.entries.keys where key.image == image {
                if let gone = state.entries.removeValue(forKey: key) { state.bytes -= gone.bytes }
            }
        }
    }

    private static func byteCount(of value: any SlotValue) -> Int {
        switch value {
        case let image as AnyImage: image.byteCount
        case let gray as GrayImage: gray.anyImage.byteCount
        case let mask as Mask: mask.runs.count * MemoryLayout<Run>.stride
        case let regions as RegionSet:
            regions.segments.reduce(0) { $0 + MemoryLayout<Segment>.stride + 32 + $1.mask.runs.count * MemoryLayout<Run>.stride }
        default: 0
        }
    }
}

/// Files of pixels too large for memory, by what they hold; the one not used for longest goes when they take more than `byteLimit` on the disk.
final class ScratchCache: Sendable {
    private struct State {
        var entries: [(key: SlotCache.Key, file: ScratchPixels, isGray: Bool)] = []
    }
    private let state = Mutex(State())
    private let byteLimit: Int

    init(byteLimit: Int) { self.byteLimit = byteLimit }

    subscript(key: SlotCache.Key) -> (file: ScratchPixels, isGray: Bool)? {
        state.withLock { state in
            guard let index = state.entries.firstIndex(where: { $0.key == key }) else { return nil }
            let entry = state.entries.remove(at: index)
            state.entries.append(entry)
            return (entry.file, entry.isGray)
        }
    }

    func insert(_ file: ScratchPixels, isGray: Bool, for key: SlotCache.Key) {
        state.withLock { state in
            state.entries.removeAll { $0.key == key }
            state.entries.append((key, file, isGray))
            while state.entries.count > 1, state.entries.reduce(0, { $0 + $1.file.byteCount }) > byteLimit { state.entries.removeFirst() }
        }
    }

    func removeAll(image: Int64) { state.withLock { $0.entries.removeAll { $0.key.image == image } } }
}
