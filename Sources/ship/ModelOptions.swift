import ArgumentParser
import Nodes

/// The programs that pipelines may start: only the person at the command line says which.
struct ModelOptions: ParsableArguments {
    @Option(
        name: .customLong("model"),
        help: ArgumentHelp(
            "A program that finds objects, for the Model step of pipelines; repeat for more. Pipelines only say the name.", valueName: "NAME=PATH"))
    var programs: [String] = []

    func validate() throws {
        for program in programs {
            do throws(ModelProgramError) { try ModelPrograms.allow(program) } catch { throw ValidationError(error.description) }
        }
    }
}
