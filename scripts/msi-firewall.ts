// A hook of electron-builder: adds the firewall rule to the project of the MSI before it is compiled. The MSI is installed per machine, with the
// rights that this needs. netsh is what every Windows has; the rule goes when the program goes.
import { readFile, writeFile } from 'node:fs/promises';

const PROGRAM = '[APPLICATIONFOLDER]Potluck.exe';

/** A command line of netsh as the value of an attribute. */
const netsh = (command: string): string =>
  `&quot;[SystemFolder]netsh.exe&quot; advfirewall firewall ${command}`.replaceAll("'", '&quot;');

const ACTIONS = `
    <CustomAction Id="PotluckFirewallAdd" Directory="APPLICATIONFOLDER" Execute="deferred" Impersonate="no" Return="ignore"
      ExeCommand="${netsh(`add rule name='Potluck' dir=in action=allow program='${PROGRAM}' profile=domain,private enable=yes`)}"/>
    <CustomAction Id="PotluckFirewallRemove" Directory="APPLICATIONFOLDER" Execute="deferred" Impersonate="no" Return="ignore"
      ExeCommand="${netsh(`delete rule name='Potluck' program='${PROGRAM}'`)}"/>
    <InstallExecuteSequence>
      <Custom Action="PotluckFirewallRemove" Before="RemoveFiles">Installed AND REMOVE="ALL"</Custom>
      <Custom Action="PotluckFirewallAdd" After="InstallFiles">NOT Installed</Custom>
    </InstallExecuteSequence>
`;

/** The text of a .wxs with the two actions at the end of its product. Throws where it has none. */
export function withFirewall(project: string): string {
  const end = project.lastIndexOf('</Product>');
  if (end === -1) throw new Error('the project of the MSI has no product to add the firewall rule to');
  return `${project.slice(0, end)}${ACTIONS}  ${project.slice(end)}`;
}

/** Called by electron-builder with the path of the .wxs. */
export default async function msiProjectCreated(path: string): Promise<void> {
  await writeFile(path, withFirewall(await readFile(path, 'utf8')));
}
