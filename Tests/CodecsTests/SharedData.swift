import Foundation
import Testing

/// The data sets beside the repository (`../shared/data`); tests that need them say so and pass where they are absent.
enum SharedData {
    static let folder: String? = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let path = root.appending(path: "../shared/data").standardizedFileURL.path
        if FileManager.default.fileExists(atPath: path) { return path }
        print("SKIPPED: tests on shared data, \(path) is not there")
        return nil
    }()

    static func path(_ name: String) -> String { (folder ?? "") + "/" + name }
    static func text(_ name: String) -> String? { folder.flatMap { try? String(contentsOfFile: $0 + "/" + name, encoding: .utf8) } }
    static func bytes(_ path: String) -> [UInt8]? { (try? Data(contentsOf: URL(filePath: path))).map { Array($0) } }

    /// Plain files of a folder, sorted; none where the data are absent.
    static func files(_ name: String) -> [String] {
        guard let folder, let names = try? FileManager.default.subpathsOfDirectory(atPath: folder + "/" + name) else { return [] }
        return names.sorted().map { folder + "/" + name + "/" + $0 }.filter {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder) && !isFolder.boolValue
        }
    }
}
