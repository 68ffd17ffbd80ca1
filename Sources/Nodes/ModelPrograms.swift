import Codecs
import Foundation
import Store
import Synchronization

/// The programs that pipelines may start, by the names under which the person who started `ship` allowed them. A pipeline, which may come from
/// anybody who reaches the server, only says a name; neither it nor a project can name a program or an argument.
package enum ModelPrograms {
    private static let paths = Mutex<[String: String]>([:])
    /// Digests of programs as they were when they had this size and time of change.
    private static let digests = Mutex<[String: (state: String, digest: String)]>([:])

    /// - Parameter setting: `NAME=PATH`.
    /// - Throws: `ModelProgramError` when the name or the file will not do.
    package static func allow(_ setting: String) throws(ModelProgramError) {
        guard let sign = setting.firstIndex(of: "=") else {
            throw ModelProgramError("--model is \(setting), but must be NAME=PATH, such as --model cells=/opt/models/cells")
        }
        let (name, given) = (String(setting[..<sign]), String(setting[setting.index(after: sign)...]))
        guard name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9_-]{0,59}/) != nil else {
            throw ModelProgramError("“\(name)” is no name of a model; use up to 60 letters, digits, _ and -")
        }
        let path = URL(filePath: (given as NSString).expandingTildeInPath).standardizedFileURL.path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
            throw ModelProgramError("the program of model \(name), \(given), is not there; give the path of a file that can be run")
        }
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw ModelProgramError("the program of model \(name), \(given), cannot be run; allow it with chmod +x")
        }
        paths.withLock { $0[name] = path }
    }

    package static func path(of name: String) throws(ModelProgramError) -> String {
        let all = paths.withLock { $0 }
        if let path = all[name] { return path }
        let known = all.isEmpty ? "no model is known to it yet" : "it knows \(all.keys.sorted().joined(separator: ", "))"
        throw ModelProgramError(
            name.isEmpty
                ? "no model is chosen; write the name of one that ship was started with (--model NAME=PATH; \(known))"
                : "ship was not started with a model “\(name)”; start it with --model \(name)=PATH (\(known))")
    }

    /// SHA-256 of the program's file, so that another version of it gives other results; empty where it is not there.
    package static func digest(of name: String) -> String {
        guard let path = try? path(of: name), let values = try? FileManager.default.attributesOfItem(atPath: path) else { return "" }
        let state = "\(values[.size] ?? "") \((values[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0)"
        if let known = digests.withLock({ $0[path] }), known.state == state { return known.digest }
        guard let bytes = FileManager.default.contents(atPath: path) else { return "" }
        let digest = FileDigest.sha256([UInt8](bytes))
        digests.withLock { $0[path] = (state, digest) }
        return digest
    }
}

package struct ModelProgramError: Error, Equatable, CustomStringConvertible {
    package let description: String
    package init(_ sentence: String) { description = sentence }
}
