import Foundation
import Pipeline
import Store
import Synchronization

/// A node that looks at all images of a group before it works on each of them: the background of a stack.
///
/// A run calls `prepare` once a group and keeps the files it writes; `run` then gets what `load` makes of them by `context.prepared(Prepared.self)`.
/// Equal inputs and parameters find equal files; where one image is added to a group, or one parameter changed, the group is prepared again.
package protocol PreparedNode: Node {
    associatedtype Prepared: Sendable

    /// Images of equal answers belong together. By default: one acquisition, equal width, height, channels and bits.
    func group(of frame: FrameGroup.Frame) -> String

    /// What counts of an image besides the values of the inputs, for example a field of its metadata. By default nothing.
    func identity(of frame: FrameGroup.Frame) -> String

    /// Asked before anything is computed. By default nothing is needed.
    /// - Throws: what has to be there first, for example a program; the run then fails with that reason.
    func requireReady() throws

    /// Looks at the group and writes files. On a worker thread.
    /// - Throws: what makes it impossible; all images of the group then fail with that reason, or the run when no group could be prepared.
    func prepare(_ group: FrameGroup) async throws

    /// Reads what `prepare` wrote; kept in memory and shared by all images of the group.
    func load(_ files: PreparedFiles) throws -> Prepared
}

extension PreparedNode {
    package func group(of frame: FrameGroup.Frame) -> String {
        "\(frame.acquisition) \(frame.image.width) × \(frame.image.height) × \(frame.image.channels), \(frame.image.bits) bit"
    }

    package func identity(of frame: FrameGroup.Frame) -> String { "" }

    package func requireReady() throws {}
}

/// Files that a step made of one group.
package struct PreparedFiles: Sendable {
    /// The project's folder; `folder` lies below it.
    package let files: FolderHandle
    package let folder: String

    /// Written last: without it the folder is not complete.
    package static let mark = "done.json"

    package init(files: FolderHandle, folder: String) { (self.files, self.folder) = (files, folder) }

    package func read(_ name: String) throws(StoreError) -> [UInt8] { try files.read("\(folder)/\(name)") }

    package func open(_ name: String) throws(StoreError) -> OpenFile { try files.openFile("\(folder)/\(name)") }
}

/// What was loaded last; a few, because every group may be as large as an image.
final class PreparedValues: Sendable {
    private let known = Mutex<[(name: String, value: any Sendable)]>([])
    private static let most = 4

    /// - Parameter load: runs with the lock held, so that workers that start together read a file once.
    func value(step: String, key: String, load: () throws -> any Sendable) throws -> any Sendable {
        let name = "\(step)/\(key)"
        let result = known.withLock { known -> Result<any Sendable, any Error> in
            if let index = known.firstIndex(where: { $0.name == name }) {
                let entry = known.remove(at: index)
                known.append(entry)
                return .success(entry.value)
            }
            do {
                let value = try load()
                known.append((name, value))
                if known.count > Self.most { known.removeFirst() }
                return .success(value)
            } catch { return .failure(error) }
        }
        return try result.get()
    }
}
