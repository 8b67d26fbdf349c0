"""Edits of code that change no result, so that nothing is computed again because of them.

An edit is listed with the digest of the file before and after it (``stbench.common.source_code``),
and from then on counts as the file before it. List only edits for which every result that exists
stays as it is, byte for byte: a crash or a refusal where there was no result, a check, a remark.
A later edit of the same file that changes results is not listed, and its entry here is removed;
one that changes none replaces ``after``.
"""

from __future__ import annotations

from typing import NamedTuple


class Edit(NamedTuple):
    """An edit of a file below ``scripts/``: digests of its syntax, and why no result changes."""

    file: str
    before: str
    after: str
    why: str


EDITS = (
    Edit(
        "stbench/platforms/anndata_store.py",
        "5b73e8c6a93ce025904a144dbf6df2eba95fd4332351722104f25f5424ba1cb3",
        "ab3ac31ce08f3012599fe32fbd64be5a2b1b6403d06783ac502fa3b0a2546147",
        "files of more than some 50 000 cells could not be read; others are read as before",
    ),
    Edit(
        "stbench/data/given_interactions.py",
        "384a924de161485a41955a775d613fc47572cbb1336a90e8fd2a971d9a067dd1",
        "f9986fbe83e16b27a5868d3b2ef149a8836354db1a564548d16fd5d1174a88eb",
        "files of users: refuses more triples; a section may lack the interactions of its file",
    ),
    Edit(
        "stbench/interactions/communication.py",
        "456ac344c36a6d60216341feaa072a57595b02ff5c419ed42e82a097a004f33f",
        "0918cedd388b62de4d890176895925b42151d19fb3d8ed4301ee9c491abe2573",
        "gene names with a slash; refuses scores that are not finite; other files are the same",
    ),
    Edit(
        "stbench/common/h5ad.py",
        "06a859bd2d08b1cdb1d28df04b23e0953da37b89fdd5824624c9c191369cb57a",
        "055f79651e94d421f67a3d9e1712d90a7f5135b8b496cdd56e25da067a3c3e64",
        "files of users: columns with a slash in their name, which could not be read",
    ),
    Edit(
        "stbench/data/overlaps.py",
        "e082e742c2e78e82820c668f14b445743ca8ee4e43ed9a83ebee6345122cac89",
        "0b46ce90e8292399fcf78305b51ea5514a2011d884743e1f8c321ce5450bcc00",
        "files of users: refuses more stacked sections and three columns, advises other columns",
    ),
    Edit(
        "stbench/data/own_files.py",
        "f2fa36edf597273682d489169c340aa18e35a6cdc91d5a0b77540e2f43a2b7ff",
        "2a3bed6bae6f71e655ed9b546c0d32ba6ddc0b393361761235dc2cc7b3f81b7a",
        "files of users: refuses filter_cell without hvg, says what was left out, names counts",
    ),
    Edit(
        "stbench/data/sections.py",
        "99f35817cb92b8492349c88ae4ed443646e662872e7fd20059de83250613768d",
        "4f6891b78689fad9e7f9841ef44445796ca58743ccd245c7987ab64ab4829d53",
        "a given number of domains, which is in the key; refuses fewer than two labels",
    ),
    Edit(
        "stbench/config/external.py",
        "c93bd121ca93bbc9852d38808c8c620cd13c31fc09d52a640bd7b14a35299adc",
        "af23fe558287f8d72ab71b4b25cc2351788b9468943de3fb7107fd41abc7503a",
        "refuses names of external results; imports are the same",
    ),
    Edit(
        "stbench/config/tasks.py",
        "c8e9bda37e07cfdbbc4ba8e727b41fc12d8bca5df9e69bea1e18c1f7be8240e2",
        "15477f7665b6656175fe37d3ff712f403b58157b7c3e9707723481a6930f8d08",
        "degraded sections of users have no maps; imports are the same",
    ),
    Edit(
        "stbench/config/registry.py",
        "4d1f27085e5946fb5428486f61d6fc014f217c43ca15b1977ba085ebda6d469a",
        "0128a8559ebafa5b792f873981aba53829a76c8d40edaba2a9d493e8f31183f9",
        "one line where a dataset left the registry; the license that the report names",
    ),
    Edit(
        "import_result.py",
        "ccf7daa2df250850c80547afeb2abd68004c223e4913406f507394ec07a09764",
        "414211b5ce707f7fa9aef6841a011f2c29e53f9b6e268717d467553e55290c3d",
        "records a crash of a library; else as before",
    ),
    Edit(
        "join.py",
        "4190e9a3647b737872fa5710a331c0aefa4bedb1442d935f10117405eccb3d6d",
        "23931e0e8b36f9ad878bf2a7d6c3c236572e221602b3e56e1aea31b2e1116a0e",
        "the option of this number",
    ),
    Edit(
        "methods/deeplinc/model.py",
        "edc37d3936b2aa91bfa62f4947560efaee47b199ebdbb8e14352044c13a965d6",
        "d73793d1ccb714bd045797a93d6b3ad283349c42182d723f42e3bc7ea05aa39d",
        "new fits also have the graph of the untrained network; all else is the same",
    ),
    Edit(
        "methods/deeplinc/loss.py",
        "db43dd7113e12b15f47c958610dd8e7048c22eb56461613c626d9ce9734e229b",
        "f4f41b2fc3272765e4d9ee4dd19b27f2f8a90f71cefdcdf9ccc6c84aa55eb243",
        "losses that are not reported are not computed; gradients are the same",
    ),
    Edit(
        "methods/deeplinc/links.py",
        "899f3ebc899a4092f007d2f159ec25fd5f0389bc7c6990c25046947c12cae87a",
        "85273a9a0a87835f3b42b3ff3d3d3e4991084b5e5907d0c369bc9cac00a1fb45",
        "new fits also have the graph of the untrained network; all else is the same",
    ),
    Edit(
        "stbench/config/schema.py",
        "9e7d1f1207349eb39ba1eaaf050534a681cb912c6a73be177b71428edb1babb8",
        "decbbc2dbddded3cb6f6d873a94611d9729eb460b34844b6d1a68c761f36f3ec",
        "other words of a refusal",
    ),
    Edit(
        "stbench/data/planted_interactions.py",
        "5df40fcaccd1284d7ba9fbf058652521f6786c7355502ea720f567e3ccda89e6",
        "c764a662291392e4623f2c60a3c9bcf928c98bccaf796401c49445b04d9dba93",
        "the regime `opposite` in place of `unlike`; tissues without it are the same",
    ),
    Edit(
        "stbench/data/simulation/tissue.py",
        "8ed4615972ad8ece5d9dc9829df8f9cfb58d597dc8c25c5dc28376e19bdb9260",
        "3f3a80887f01d40e6ff9895e0236927341b610d6a2c7c2d0a973e198b8708d7d",
        "the name of the regime `opposite`",
    ),
    Edit(
        "stbench/clustering/epochs.py",
        "5c309114b531065042b257c1b3687e0d674565761a95f30580f040b482c4ab13",
        "67de8e2efe77333c96dccfc1b8b4a9770553371b4e7d7eb37dcf67c8334e46c7",
        "faults of the disk are raised, not recorded as broken files",
    ),
    Edit(
        "stbench/clustering/label_file.py",
        "9e74712163c2306b3f8cc8bed75a53aaf1b9c36aa2279d40de3a0a0edf697e01",
        "9d995260b56091eb8d86fdbfe40b451f561aad52cbf9ac9de11310d0431b2771",
        "faults of the disk are raised; checks that programs had are here",
    ),
    Edit(
        "stbench/clustering/stage.py",
        "fd9dbd22fa05129775759eb6c4c69aae51db8c3e29217a3f463a0304ff65e480",
        "c2b6c8ab6248348ae6c58e34645974216509adf93372a718775fe2820efdea5d",
        "where clustering fails, failed fits keep their own reason; all labels are the same",
    ),
    Edit(
        "stbench/fitting/output.py",
        "b86d173e23e9e55bf273fd45f2132fb8abdd4dacab2e48d85a0e99a9d7c1b01d",
        "7d592006abb7511ada3ddf3794e0e1d64d92c3b3850d7b890e08a7ee4f3e2bc2",
        "faults of the disk are raised, not recorded as broken files",
    ),
    Edit(
        "stbench/scoring/scores.py",
        "b703b5c2ef59e2a204c6432f6148551381c62a8b84c955d013fe896123b1b892",
        "f6b9ea3ee69b4c5273212b00b96fd2633fe7ebbfe5d4315ab4537788b39ece39",
        "where scoring fails, failed fits keep their own reason; all scores are the same",
    ),
    Edit(
        "score.py",
        "f60173ba8550f193c03276efca917f243d3369242a649a491069bc7d47e7371d",
        "9c8f2723f21daf50eee549db23c763a2b7a3ce838a38fd0ab0faab8485942121",
        "its checks of labels are in label_file.py",
    ),
    Edit(
        "score_integration.py",
        "0e0d2dbbccafa421c535ad891d910c78147dc51dfc84d185961ba86e4bf4ea6c",
        "fef9473276a9ddfbc75b70f539a62a0854af0cc12f8a6f6acd9269aae528c1db",
        "its checks of labels are in label_file.py",
    ),
    Edit(
        "stbench/data/validation.py",
        "8a2840839adf8d83f54ac59cf992acfe429a2d34bed9b1d86a27278818c1244a",
        "1328aa6decf7a38b5c5dded4ef40bbfbd19224117c80ba903e5064adae41050a",
        "files of users: a section with one domain in a file with several; a function more",
    ),
    Edit(
        "stbench/data/planting.py",
        "c09d2ad01d4c542dea88a1506b5e6e428c0e513c25d4211aadd3e841a8a7fa1d",
        "d0cc01b4e05e79cf8fe740be2f2f4167293369bcb6755c8402bb86d95dbce5c8",
        "keeps a number of domains that is not that of the labels; refuses wrong parameters",
    ),
    Edit(
        "stbench/data/published.py",
        "95337299c26ac00b7806afc095d3e8bf8b395f945079a6536e353184388e9be6",
        "149ee1deec023040d1f7d6d1e07454476d67294ae736f40a02340e8e2f65db3b",
        "a refusal in place of a crash where the source is not in the registry",
    ),
    Edit(
        "stbench/interactions/structureless.py",
        "24d0ad9e311320b2629a09ed7ee888edd6b29f203dc9208121cb055589cbeca4",
        "403ed785a6c4345ba25792966a2cf4aa8f2b60b3323649b0fbd94395975245c8",
        "embeds no epoch but the last; graphs and weights are the same",
    ),
    Edit(
        "stbench/config/own_files.py",
        "6ce7338a2d9315a64a5fec8a18643440275b52afc8bb2eceeaf10c7d809ade02",
        "c235775f17d8f4bd56ff0eb4694d2388de1f18370c237893e0294a575484f085",
        "cells without a section are not in the file of cells; those of the dataset are the same",
    ),
    Edit(
        "stbench/data/loaders/her2st.py",
        "6c2fbe380f3684d2907e8a2dbfe8dced8214a69d788a4d139dd77828bf87060a",
        "2800d178918ae54179efe2816c3aa967d92004da84987f495568f30496b84e84",
        "reads sections without labels, too; those with labels are the same",
    ),
    Edit(
        "fit.py",
        "61a36b71c800f61245007113d1b7657bdbd49d35b905ada3f4cdf90d6f4ca004",
        "9c234932475c80d80c2d40f6a6cb44f4ad5e007a6e2799876ce826058c39509f",
        "imports numpy after limiting threads, which the supervisor has limited before",
    ),
    Edit(
        "stbench/fitting/device.py",
        "51bd39fc6facd38e4f95c9305c781eb7de2265c6b7c7985519a6463f69245466",
        "a462e4f00452e1775ac5af736346eda9cb5b50f9a9147c5818e246ccba5664cc",
        "more failures of memory are recognized; results are the same",
    ),
    Edit(
        "stbench/clustering/consensus.py",
        "a780efd23b41027768430f5ee001b541c576e046cda76868936780f18e00e431",
        "c7b98aa9679f0784822f5eda234584eb166789d371a135a75f0d5b804c9dcedb",
        "a number of domains that the cells cannot have is refused",
    ),
    Edit(
        "stbench/data/preprocessing.py",
        "2cb42968bc93371e1fb9f9d3dc6eeb4f5618fff4dc088c6a7fed967c046b99b5",
        "c04dab0e7147eda6c29d1de7ed923e1c2a6b90ba9186c5dd5a6b6d93db8048bd",
        "fewer than two domains are refused",
    ),
    Edit(
        "stbench/deconvolution/pairs.py",
        "70ba14ea6fa9f218a96cf9fc2d3837220024f06da364b09def0c4b9931cba53b",
        "1011b88858d478cf7450db859eabb30da8e04f058c2bd548f2a9a18f71a604bd",
        "another advice in an error",
    ),
    Edit(
        "stbench/deconvolution/scoring.py",
        "b950526befe86d23e60eafe95271d286649fd6302efc910bdaf2a2db3daff24b",
        "7cec9ca3e4b08a74c0c53cc4c0313c76dfbbcc88b4e0b36528ba20d741bc34d3",
        "a name for a reason",
    ),
    Edit(
        "score_deconvolution.py",
        "ea343905b264cc701d117d95d7798813672b71e48b1895cd756c1063287e5af1",
        "0d8f9d4fd9a9d8cfe4944ca641f6d5af71e58a53401b83cbc037b0e9d8f0cadd",
        "a name for a reason",
    ),
)

COUNTS_AS = {(edit.file, edit.after): edit.before for edit in EDITS}
