// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AnchorRegistry} from "../src/AnchorRegistry.sol";
import {VM} from "../test/Vm.sol";

/// @notice Deploys the registry of one log. Every variable must be set; `ANCHOR_ADMIN` is the zero address where nobody
/// may ever change the publisher.
contract Deploy {
    error MissingOrigin();

    function run() external returns (AnchorRegistry) {
        string memory origin = VM.envString("LOG_ORIGIN");
        address admin = VM.envAddress("ANCHOR_ADMIN");
        address publisher = VM.envAddress("ANCHOR_PUBLISHER");

        VM.startBroadcast();
        AnchorRegistry registry = deploy(origin, admin, publisher);
        VM.stopBroadcast();
        return registry;
    }

    /// @param origin The origin line of the log's checkpoints, without a line feed.
    function deploy(string memory origin, address admin, address publisher) public returns (AnchorRegistry) {
        if (bytes(origin).length == 0) {
            revert MissingOrigin();
        }
        return new AnchorRegistry(sha256(bytes(origin)), admin, publisher);
    }
}
